import './style/base.css';
export {};
